'use strict';

// usage: node github-runner.js ACTION.json CONTEXTS.json
// Does the steps of a composite action, ACTION.json, as GitHub's runner does those with `shell: sh`: expressions,
// inputs' defaults, conditions, and the files GITHUB_ENV, GITHUB_OUTPUT and GITHUB_PATH of each step. CONTEXTS.json has
// the contexts, `inputs` among them. What a step `uses` is not done but printed. Each SIGINT is handed to the process of
// the step that runs, as the runner does when a job is cancelled.

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const [action, contexts] = process.argv.slice(2).map((file) => JSON.parse(fs.readFileSync(file, 'utf8')));
const environment = { ...process.env };
let running;
process.on('SIGINT', () => running.kill('SIGINT'));

const lookup = (name) => name.split('.').reduce((value, key) => value?.[key] ?? '', contexts);

/** Only names, strings, always(), ==, != and && are known, which mean the same in JavaScript. */
function evaluate(expression) {
  const known = /always\(\)|[a-z]+(?:\.[\w-]+)+|'[^']*'|[=!]=|&&|\s+/g;
  const rest = expression.replace(known, '');
  if (rest) throw new Error(`'${rest}' in '${expression}' is nothing that this runner knows`);
  return new Function('lookup', `return ${expression.replace(known, (word) => {
    if (word === 'always()') return 'true';
    return /^[a-z]/.test(word) ? `lookup('${word}')` : word;
  })}`)(lookup);
}

const expand = (text) => String(text).replace(/\$\{\{(.*?)\}\}/g, (_, expression) => evaluate(expression.trim()));
const expandAll = (map = {}) => Object.fromEntries(Object.entries(map).map(([key, value]) => [key, expand(value)]));

/** A new empty file for the step's process, whose lines are given to `take` when that has ended. */
function commandFile(name, take) {
  const file = path.join(contexts.runner.temp, name);
  fs.writeFileSync(file, '');
  return { file, read: () => fs.readFileSync(file, 'utf8').split('\n').filter(Boolean).forEach(take) };
}

const assign = (target) => (line) => {
  const [name] = line.split('=', 1);
  target[name] = line.slice(name.length + 1);
};

async function runScript(step) {
  const outputs = {};
  const files = {
    GITHUB_ENV: commandFile('env', assign(environment)),
    GITHUB_OUTPUT: commandFile('output', assign(outputs)),
    GITHUB_PATH: commandFile('path', (directory) => { environment.PATH = `${directory}:${environment.PATH}`; }),
  };
  const script = path.join(contexts.runner.temp, 'step.sh');
  fs.writeFileSync(script, expand(step.run));
  const env = { ...environment, ...expandAll(step.env) };
  for (const [name, { file }] of Object.entries(files)) env[name] = file;
  const cwd = path.resolve(expand(step['working-directory'] ?? '.'));
  const passed = await new Promise((resolve, reject) => {
    running = spawn('sh', ['-e', script], { env, cwd, stdio: 'inherit' });
    running.on('error', reject).on('exit', (status) => resolve(status === 0));
  });
  Object.values(files).forEach(({ read }) => read());
  if (step.id) contexts.steps[step.id] = { outputs };
  return passed;
}

async function main() {
  contexts.steps = {};
  for (const [name, input] of Object.entries(action.inputs)) contexts.inputs[name] ??= expand(input.default);
  let passed = true;
  for (const step of action.runs.steps) {
    const condition = step.if ?? 'always()';
    if (!(passed || step.if?.includes('always()')) || !evaluate(condition)) continue;
    console.log(`# ${step.name}`);
    if (step.uses) console.log(`uses ${step.uses} ${JSON.stringify(expandAll(step.with))}`);
    else passed = await runScript(step) && passed;
  }
  console.log(`outputs ${JSON.stringify(expandAll(Object.fromEntries(
    Object.entries(action.outputs).map(([name, { value }]) => [name, value]))))}`);
  process.exitCode = passed ? 0 : 1;
}

main();
