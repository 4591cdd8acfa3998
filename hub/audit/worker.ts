// The log's own thread: writes what it is handed, each batch in one fsync'd transaction, or reads for a query.
import { parentPort, workerData } from 'node:worker_threads'
import type { HubError } from '../error.ts'
import { listRows } from './list-rows.ts'
import { LogWriter } from './log-writer.ts'
import { verifyFiles } from './verify-files.ts'
import type { Ask, Reply, Task } from './worker-messages.ts'

const folder: string = workerData.folder
const writer = new LogWriter(folder)

function answer(task: Task): unknown {
  switch (task.kind) {
    case 'open':
      return writer.open(task.anchor, task.keys)
    case 'append':
      return writer.append(task.entries, task.wantsRows)
    case 'keys':
      return writer.takeKeys(task.anchor, task.keys)
    case 'erase':
      return writer.erase(task.rows, task.entry)
    case 'list':
      return listRows(folder, task.filter)
    case 'verify':
      return verifyFiles(folder, { anchor: task.anchor, publicKey: task.publicKey })
    case 'close':
      return writer.close()
  }
}

parentPort?.on('message', ({ n, task }: Ask) => {
  let reply: Reply
  try {
    reply = { n, value: answer(task) }
  } catch (error) {
    const { code = '', message, hint } = error as HubError
    reply = { n, problem: { code: String(code), message, ...(hint ? { hint } : {}) } }
  }
  parentPort?.postMessage(reply)
})
