// The log's own thread: writes what it is handed, each batch in one fsync'd transaction, or reads for a query.
import { constants, setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import type { HubError } from '../error.ts'
import { exportPiece } from './export.ts'
import { LogReader } from './list-rows.ts'
import { LogWriter } from './log-writer.ts'
import { verifyFiles } from './verify-files.ts'
import type { Ask, Reply, Task } from './worker-messages.ts'

const folder: string = workerData.folder
// Whoever only looks stands back behind calls. Linux gives each thread a priority of its own; elsewhere it is the whole process's.
if (workerData.standsBack && process.platform === 'linux') setPriority(constants.priority.PRIORITY_BELOW_NORMAL)
const writer = new LogWriter(folder)
const reader = new LogReader(folder)

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
      return reader.list(task.filter)
    case 'export':
      return exportPiece(folder, task.format, task.after, task.publicKey)
    case 'index':
      return reader.index()
    case 'retention':
      return reader.retention()
    case 'retain':
      return writer.retain(task.due)
    case 'due':
      return reader.due(task.retention)
    case 'erase-some':
      return writer.eraseSome()
    case 'clean':
      return writer.clean()
    case 'acknowledge':
      return writer.acknowledge(task.entry)
    case 'verify':
      return verifyFiles(folder, { anchor: task.anchor, publicKey: task.publicKey })
    case 'close':
      reader.close()
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
