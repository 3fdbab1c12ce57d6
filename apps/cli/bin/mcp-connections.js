#!/usr/bin/env node
// `gatehouse connections`, by the name that operators know.
process.argv.splice(2, 0, 'connections');
await import('./gatehouse.js');
