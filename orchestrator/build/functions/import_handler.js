// Imports the handler of a Node.js function as Lambda does, and exits with what that showed.
//
// Its arguments: the module's file, the path of the function in it, and the codes for: imported, failed, no function,
// and a module that is missing.
'use strict';
const { pathToFileURL } = require('node:url');

const [file, path, ...codes] = process.argv.slice(2);
const [imported, failed, noFunction, missing] = codes.map(Number);
const absent = ['MODULE_NOT_FOUND', 'ERR_MODULE_NOT_FOUND'];

function end(code, said) {
  if (said) process.stdout.write(`${said}\n`);
  process.exit(code);
}

async function main() {
  let found;
  try {
    const loaded = await import(pathToFileURL(file).href);
    found = path.split('.').reduce((value, name) => value?.[name], loaded)
      ?? path.split('.').reduce((value, name) => value?.[name], loaded.default);
  } catch (error) {
    const name = /Cannot find (?:module|package) '([^']+)'/.exec(error?.message)?.[1];
    if (absent.includes(error?.code) && name) end(missing, name);
    end(failed, error?.stack ?? String(error));
  }
  end(typeof found === 'function' ? imported : noFunction);
}

main();
