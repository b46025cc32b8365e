import { render } from 'preact';
import { App } from './app.js';
import { findInTime } from './data/findings.js';
import { begin } from './data/store.js';
import './style.css';

const place = document.getElementById('app')!;
begin().then(
  () => {
    findInTime();
    render(<App />, place);
  },
  (error: Error) => {
    place.textContent = `p2mtrace ui does not answer: ${error.message}`;
  },
);
