// Runs a program of this checkout on the pinned Node, with all set-up done: node build/run.mjs PROGRAM [ARGS…]
import { spawn } from 'node:child_process'
import { install, pinnedNode, root } from './set-up.mjs'

/** Runs it with this process's streams; signals are passed on, and it ends when our parent goes. */
export function run(program, args, options = {}) {
  const child = spawn(pinnedNode(), [program, ...args], {
    cwd: options.cwd ?? process.cwd(),
    stdio: 'inherit',
    env: { ...process.env, ...options.env },
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  const parent = process.ppid
  setInterval(() => {
    if (process.ppid !== parent) child.kill('SIGTERM')
  }, 500).unref()
  return new Promise(resolve => child.on('exit', (code, signal) => resolve(signal ? 1 : (code ?? 1))))
}

if (process.argv[1]?.endsWith('run.mjs')) {
  install()
  const [program, ...args] = process.argv.slice(2)
  process.exit(await run(program, args, { cwd: root }))
}
