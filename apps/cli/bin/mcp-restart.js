#!/usr/bin/env node
// `gatehouse restart`, by the name that operators know.
process.argv.splice(2, 0, 'restart');
await import('./gatehouse.js');
