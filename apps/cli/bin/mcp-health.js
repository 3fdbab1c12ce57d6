#!/usr/bin/env node
// `gatehouse health`, by the name that operators know.
process.argv.splice(2, 0, 'health');
await import('./gatehouse.js');
