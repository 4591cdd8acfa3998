// For killed.test.ts: records a change, then "executes" it by an fsync'd line in a file of its own, until it is killed.
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { fsyncSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { Announcer } from '../announce.ts'
import { Audit } from './audit.ts'

const [folder = '', round = ''] = process.argv.slice(2)
const privateKey = createPrivateKey(readFileSync(join(folder, 'key.pem')))
const anchorPath = join(folder, 'anchor')
const audit = await Audit.open({
  folder,
  signing: () => ({ privateKey, publicKey: createPublicKey(privateKey) }),
  anchor: {
    read: async () => readFileSync(anchorPath, 'utf8') || null,
    write: async text => {
      writeFileSync(`${anchorPath}.new`, text)
      renameSync(`${anchorPath}.new`, anchorPath)
    },
  },
  announcer: new Announcer(),
  redact: text => text,
})
const executed = openSync(join(folder, 'executed'), 'a')
process.stdout.write('ready\n')
const lane = async (name: string) => {
  for (let n = 0; ; n++) {
    const correlation = `${round}-${name}-${n}`
    await audit.append({ kind: 'call', what: 'call/allowed', correlation }, { durable: true })
    writeSync(executed, `${correlation}\n`)
    fsyncSync(executed)
    await audit.append({ kind: 'result', what: 'call/ended', correlation, outcome: 'ok' }, { durable: false })
  }
}
await Promise.all(['a', 'b', 'c'].map(lane))
