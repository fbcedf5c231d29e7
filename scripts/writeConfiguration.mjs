// Prints the table of settings into docs/configuration.md; `npm test` compares them.
import { writeFileSync } from 'node:fs';
import { renderSettingsTable } from '../dist/config/print.js';

writeFileSync(new URL('../docs/configuration.md', import.meta.url), renderSettingsTable());
