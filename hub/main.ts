// `node hub/main.ts --data DIR`: starts the hub as a process.
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'

// In a checkout half of a start is reading TypeScript. What Node made of it is kept beside it, and nowhere else: who could
// change the one could change the other anyway.
if (import.meta.url.endsWith('.ts')) enableCompileCache(join(import.meta.dirname, '../.cache/compile'))
await import('./run.ts')
