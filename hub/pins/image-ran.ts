// Which image a container server ran from: its content's digest, as the same program that ran it says.
import { execFile } from 'node:child_process'
import type { PackageRan } from '../../contract/pins.ts'

const WAIT_MS = 15_000
/** Where the program finds its daemon. Credentials of the server are for the server alone. */
const FOR_THE_PROGRAM =
  /^(PATH|HOME|USER|XDG_\w+|DOCKER_(HOST|CONTEXT|CONFIG|CERT_PATH|TLS_VERIFY)|CONTAINER_HOST|SYSTEMROOT|PROGRAMFILES|USERPROFILE)$/i

/** `before`: what stood before `run` and names another daemon. Null where it cannot be told now. Asks the local daemon, never a registry. */
export function imageRan(
  { command, before }: { command: string; before: readonly string[] },
  { name, version }: { name: string; version: string | null },
  env: NodeJS.ProcessEnv,
): Promise<PackageRan | null> {
  const image = version === null ? name : `${name}${version.startsWith('sha256:') ? '@' : ':'}${version}`
  const given = Object.entries(env)
  const own = Object.fromEntries(given.filter(([key, value]) => FOR_THE_PROGRAM.test(key) && !value?.includes('${')))
  return new Promise(resolve =>
    execFile(
      command,
      [...before, 'image', 'inspect', '--format', '{{.Id}}', image],
      { env: own, timeout: WAIT_MS, killSignal: 'SIGKILL', windowsHide: true, maxBuffer: 100_000 },
      (error, out) => {
        const id = error ? null : (/(?:sha256:)?([0-9a-f]{64})/.exec(out)?.[1] ?? null)
        resolve(id === null ? null : { name, version: version ?? 'latest', integrity: `sha256:${id}` })
      },
    ),
  )
}
