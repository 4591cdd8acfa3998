// The least that a hub can be: a socket, one child, and bytes carried between them unread.
import { spawn } from 'node:child_process'
import { createServer } from 'node:net'

const [address = '', ...args] = process.argv.slice(2)
createServer(socket => {
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'ignore'] })
  socket.pipe(child.stdin)
  child.stdout.pipe(socket)
  for (const one of [socket, child.stdin]) one.on('error', () => {})
  socket.once('close', () => child.kill())
}).listen(address, () => process.stdout.write('ready\n'))
process.stdin.resume().once('close', () => process.exit(0))
