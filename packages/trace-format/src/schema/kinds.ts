/**
 * Every event kind (docs/format.md#kinds): which columns it must have, which it may have, and what its two free values
 * mean.
 * The order is that of the `kind` dictionary: append only.
 */

type KindGroup =
  | 'p2m'
  | 'page'
  | 'lock'
  | 'pod'
  | 'paging'
  | 'sharing'
  | 'altp2m'
  | 'grant'
  | 'tlb'
  | 'linux'
  | 'context'
  | 'snapshot';

export interface KindSpec<Name extends string = string> {
  readonly name: Name;
  readonly group: KindGroup;
  /** Columns that must be present, and those that may be; arg0 and arg1 under their own names. */
  readonly needs: readonly string[];
  readonly may: readonly string[];
  /** Names of arg0 and arg1 for this kind; `:p2m_type` after a name says that the value is a type. */
  readonly args?: readonly [string] | readonly [string, string];
}

function kind<Name extends string>(
  name: Name,
  group: KindGroup,
  needs: string,
  may = '',
  args?: KindSpec['args'],
): KindSpec<Name> {
  const words = (text: string) => text.split(' ').filter(Boolean);
  const columns = { name, group, needs: words(needs), may: words(may) };
  return args === undefined ? columns : { ...columns, args };
}

export const KINDS = [
  kind('lookup', 'p2m', 'domid', 'gfn view mfn order p2m_type access flags'),
  kind('put_gfn', 'p2m', 'domid gfn', 'view order'),
  kind('set_entry', 'p2m', 'domid gfn order p2m_type', 'view mfn access rc flags'),
  kind('type_change_range', 'p2m', 'domid gfn end p2m_type', 'view old_type', ['end', 'old_type:p2m_type']),
  kind('m2p_set', 'p2m', 'mfn', 'gfn flags'),

  kind('get_page', 'page', 'mfn', 'owner count_info flags outer_caller', ['outer_caller']),
  kind('get_page_failed', 'page', 'mfn', 'owner count_info flags outer_caller', ['outer_caller']),
  kind('put_page', 'page', 'mfn', 'owner count_info outer_caller', ['outer_caller']),
  kind('alloc_ref_drop', 'page', 'mfn', 'owner count_info outer_caller', ['outer_caller']),
  kind('get_type', 'page', 'mfn', 'type_info rc requested', ['requested']),
  kind('put_type', 'page', 'mfn', 'type_info'),
  kind('page_alloc', 'page', 'mfn order', 'owner count_info'),
  kind('page_free', 'page', 'mfn order', 'owner count_info'),
  kind('owner_set', 'page', 'mfn', 'owner old_owner count_info', ['old_owner']),
  kind('page_use', 'page', 'mfn flags', 'domid gfn'),

  kind('lock_wait', 'lock', 'lock mode', 'lock_class level depth flags domid'),
  kind('lock_acquire', 'lock', 'lock mode', 'lock_class level depth flags domid'),
  kind('lock_release', 'lock', 'lock mode', 'lock_class level depth flags domid'),

  kind('pod_populate', 'pod', 'domid gfn mfn order'),
  kind('pod_zero_reclaim', 'pod', 'domid gfn mfn order'),
  kind('pod_splinter', 'pod', 'domid gfn order'),
  kind('pod_cache_add', 'pod', 'domid mfn order', 'count entry_count', ['count', 'entry_count']),
  kind('pod_cache_get', 'pod', 'domid mfn order', 'count entry_count', ['count', 'entry_count']),

  kind('page_nominate', 'paging', 'domid gfn', 'mfn rc'),
  kind('page_evict', 'paging', 'domid gfn', 'mfn rc'),
  kind('page_populate', 'paging', 'domid gfn', 'mfn rc'),
  kind('page_prep', 'paging', 'domid gfn', 'mfn rc'),
  kind('page_resume', 'paging', 'domid gfn', 'mfn rc'),

  kind('share_nominate', 'sharing', 'domid gfn mfn', 'rmap_count rc', ['rmap_count']),
  kind('share_pages', 'sharing', 'domid gfn mfn', 'rmap_count rc', ['rmap_count']),
  kind('unshare', 'sharing', 'domid gfn mfn', 'rmap_count rc', ['rmap_count']),
  kind('rmap_add', 'sharing', 'domid gfn mfn', 'rmap_count', ['rmap_count']),
  kind('rmap_del', 'sharing', 'domid gfn mfn', 'rmap_count', ['rmap_count']),

  kind('view_create', 'altp2m', 'domid view'),
  kind('view_destroy', 'altp2m', 'domid view'),
  kind('view_reset', 'altp2m', 'domid view'),
  kind('view_switch', 'altp2m', 'domid view'),
  kind('remap', 'altp2m', 'domid view gfn', 'new_gfn rc', ['new_gfn']),

  kind('grant_map', 'grant', 'owner', 'domid mfn gfn ref handle flags', ['ref', 'handle']),
  kind('grant_unmap', 'grant', 'owner', 'domid mfn gfn ref handle flags', ['ref', 'handle']),
  kind('grant_transfer', 'grant', 'domid', 'owner mfn gfn ref handle flags', ['ref', 'handle']),
  kind('foreign_map', 'grant', 'domid gfn mfn owner'),
  kind('foreign_unmap', 'grant', 'domid gfn mfn owner'),
  kind('decrease_reservation', 'grant', 'domid gfn order'),

  kind('tlb_flush', 'tlb', 'domid', 'view'),
  kind('tlb_flush_deferred', 'tlb', 'domid', 'view'),

  kind('phys_to_machine_set', 'linux', 'domid gfn', 'mfn flags'),
  kind('m2p_override_add', 'linux', 'domid gfn mfn', 'old_mfn', ['old_mfn']),
  kind('m2p_override_remove', 'linux', 'domid gfn mfn', 'old_mfn rc', ['old_mfn']),

  kind('sched_switch', 'context', 'domid vcpu', 'runstate', ['vcpu', 'runstate']),
  kind('domain_create', 'context', 'domid'),
  kind('domain_destroy', 'context', 'domid'),
  kind('npf', 'context', 'gfn', 'domid mfn p2m_type gpa qualification', ['gpa', 'qualification']),
  kind(
    'snapshot',
    'context',
    '',
    'domid view gfn mfn order p2m_type access count_info type_info owner lock lock_class level mode depth flags generation',
    ['generation'],
  ),
  kind('lost', 'context', 'count', 'first_tsc', ['count', 'first_tsc']),
  kind('mark', 'context', '', 'value', ['value']),
  kind('unknown', 'context', 'event_id', 'raw', ['event_id']),

  // State known at this point, like entries, pages and held locks in `snapshot`: each kind is a row of one more table,
  // with the columns of the event that makes such a row. Separate kinds, as some need both arg0 and arg1.
  kind('snapshot_m2p', 'snapshot', 'mfn', 'gfn flags'),
  kind('snapshot_rmap', 'snapshot', 'domid gfn mfn', 'rmap_count', ['rmap_count']),
  kind('snapshot_view', 'snapshot', 'domid view'),
  kind('snapshot_remap', 'snapshot', 'domid view gfn new_gfn', '', ['new_gfn']),
  kind('snapshot_pod', 'snapshot', 'domid', 'mfn order count entry_count', ['count', 'entry_count']),
  kind('snapshot_paging', 'snapshot', 'domid gfn p2m_type', 'evicted', ['evicted']),
  kind('snapshot_grant', 'snapshot', 'owner', 'domid mfn gfn ref handle flags', ['ref', 'handle']),
  kind('snapshot_foreign', 'snapshot', 'domid gfn mfn owner'),
  kind('snapshot_linux', 'snapshot', 'domid gfn', 'mfn flags'),
  kind('snapshot_override', 'snapshot', 'domid gfn mfn', 'old_mfn', ['old_mfn']),
  kind('snapshot_vcpu', 'snapshot', 'domid vcpu', 'view', ['vcpu']),
  kind('snapshot_translation', 'snapshot', 'domid gfn', 'view mfn p2m_type'),
  kind('snapshot_tlb', 'snapshot', 'domid', 'view'),
  kind('snapshot_lock', 'snapshot', 'lock', 'depth level'),
  kind('snapshot_level', 'snapshot', 'level'),
  kind('snapshot_type_change', 'snapshot', 'domid gfn end p2m_type', 'view old_type', ['end', 'old_type:p2m_type']),

  kind('domain_dying', 'context', 'domid'),
  kind('p2m_table_alloc', 'p2m', 'domid mfn', 'view'),
  kind('p2m_table_free', 'p2m', 'domid mfn', 'view'),
];

export type KindName = (typeof KINDS)[number]['name'];

/** Columns that any event may have. */
export const COMMON_COLUMNS = ['tsc', 'tsc_own', 'pcpu', 'cur_domid', 'cur_vcpu', 'caller', 'symbol'] as const;

/** The dictionary index of each kind: `KIND.lookup === 0`. */
export const KIND = Object.fromEntries(KINDS.map((spec, index) => [spec.name, index])) as Record<KindName, number>;
