#!/usr/bin/env node
import { hearSignals } from './cli/signals.js';

// Signals first: until a handler is there, process 1 of a container ignores them. All the rest is loaded after that.
const signals = hearSignals();
const { run } = await import('./cli/run.js');
await run(signals);
