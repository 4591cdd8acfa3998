// The thread's program: reads manifests.
import { answering } from '../kit/in-thread.ts'
import { readManifest } from './manifest.ts'

export default answering(readManifest)
