// Findings of a fleet: draws those that are chosen, a part at a time.
{
  const PART = 200;
  const { hosts, findings } = JSON.parse(document.getElementById('fleet').textContent);
  const form = document.querySelector('form.search');
  const body = document.querySelector('#findings tbody');
  const more = document.querySelector('#findings button');
  const said = form.querySelector('output');
  const texts = findings.map(({ id, rule, title }) => `${id} ${rule} ${title}`.toLowerCase());
  const number = value => value.toLocaleString('en-US');
  let chosen = [];
  let shown = 0;

  /** Names of hosts, as many as a cell has room for. */
  const named = list => {
    const first = list.slice(0, 3).map(i => hosts[i]);
    return list.length > 3 ? `${first.join(', ')} and ${list.length - 3} more` : first.join(', ');
  };

  const row = finding => {
    const { id, rule, severity, title, traces, versions, since, until, fresh, trend } = finding;
    const cells = [title, severity, rule, id, number(traces), named(finding.hosts), named(fresh), versions.join(', ')];
    const line = document.createElement('tr');
    // Dates stay in one line.
    const dates = [since, until].map(date => date.replaceAll('-', '\u2011'));
    for (const text of [...cells, ...dates, trend]) line.insertCell().textContent = text;
    line.cells[4].className = 'number';
    return line;
  };

  const showMore = () => {
    body.append(...chosen.slice(shown, shown + PART).map(i => row(findings[i])));
    shown = Math.min(shown + PART, chosen.length);
    more.hidden = shown === chosen.length;
    const all = `${number(chosen.length)} of ${number(findings.length)} findings`;
    said.textContent = more.hidden ? all : `${all}, the first ${number(shown)} shown`;
  };

  const choose = () => {
    const { text, severity, rule, host, fresh } = form.elements;
    const words = text.value
      .toLowerCase()
      .split(/\s+/)
      .filter(word => word !== '');
    const at = hosts.indexOf(host.value);
    chosen = [];
    findings.forEach((finding, i) => {
      const on = fresh.checked ? finding.fresh : finding.hosts;
      if (severity.value !== '' && finding.severity !== severity.value) return;
      if (rule.value !== '' && finding.rule !== rule.value) return;
      if (host.value !== '' ? !on.includes(at) : fresh.checked && on.length === 0) return;
      if (words.every(word => texts[i].includes(word))) chosen.push(i);
    });
    body.replaceChildren();
    shown = 0;
    showMore();
  };

  form.addEventListener('input', choose);
  form.addEventListener('submit', event => event.preventDefault());
  more.addEventListener('click', showMore);
  choose();
}
