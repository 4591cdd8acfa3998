// The `gatehouse` command: runs, and ends with its exit code.
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'

// As for the hub: in a checkout what Node made of our TypeScript is kept beside it, so that a bridge starts fast.
if (import.meta.url.endsWith('.ts')) enableCompileCache(join(import.meta.dirname, '../.cache/compile'))
const { main } = await import('./run.ts')

// `gatehouse … | head` ends us quietly.
process.stdout.on('error', error => process.exit((error as NodeJS.ErrnoException).code === 'EPIPE' ? 0 : 1))

process.exitCode = await main(process.argv.slice(2))
// Sockets and pipes of the command may still be open; what was written must go out first.
await Promise.all([flushed(process.stdout), flushed(process.stderr)])
process.exit()

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise(resolve => (stream.writable ? stream.write('', () => resolve()) : resolve()))
}
