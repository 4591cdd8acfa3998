// The thread that talks to the OS keychain: even making an entry can block for ever on a bus that never answers.
import { parentPort } from 'node:worker_threads'
import { AsyncEntry, findCredentialsAsync } from '@napi-rs/keyring'

/** One access; `value` only for `set`. `list` answers a service's accounts as JSON. */
export interface KeychainRequest {
  op: 'get' | 'set' | 'remove' | 'list'
  service: string
  account: string
  value?: string
}
export type KeychainAnswer = { value: string | null } | { problem: string }

// The library's default on Linux falls back to a kernel store that forgets at reboot.
const options = process.platform === 'linux' ? { linux: { store: 'secret-service' as const } } : undefined

async function answer(request: KeychainRequest): Promise<KeychainAnswer> {
  try {
    if (request.op === 'list') {
      const found = await findCredentialsAsync(request.service)
      return { value: JSON.stringify(found.map(each => each.account).sort()) }
    }
    const entry = new AsyncEntry(request.service, request.account, options)
    if (request.op === 'get') return { value: (await entry.getPassword()) ?? null }
    if (request.op === 'set') await entry.setPassword(request.value ?? '')
    else await entry.deleteCredential()
    return { value: null }
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) }
  }
}

parentPort?.on('message', (request: KeychainRequest) => {
  void answer(request).then(a => parentPort?.postMessage(a))
})
