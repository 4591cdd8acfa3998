// Why it failed: the command as it was run, how it ended, its last lines, a hint, and a report to copy.
import { Button, CopyButton as MantineCopy } from '@mantine/core'
import { IconCheck, IconCopy } from '@tabler/icons-react'
import { refusedIn, sentence } from '../../../contract/catalog.ts'
import type { Because, Server } from '../../../contract/servers.ts'
import { Octagon } from '../../ui/glyphs.tsx'
import { Foreign, Mono } from '../../ui/index.ts'
import { useServerActions } from './actions.ts'
import { downWords } from './attention.ts'
import { useBundled } from './catalog/use-catalog.ts'
import css from './servers.module.css'

export function Failed({ server }: { server: Server }) {
  const { state } = server
  const bundled = useBundled(server)
  const actions = useServerActions(server)
  if (state.kind !== 'crash-looping' && state.kind !== 'backing-off') return null
  const { because } = state
  const lines = because.stderr?.slice(-20) ?? []
  const wrong = Object.entries(bundled ? refusedIn(bundled, lines) : {})
  return (
    <section className={css.failed} aria-label="Why it failed">
      <div className={css.failedHead}>
        <Octagon />
        <div>
          <b>{downWords(server.name, state.kind === 'crash-looping' ? state.starts : 1)}.</b>
          <div>
            {because.what.replace(/\.?$/, '.')} {because.hint}
          </div>
          {wrong.map(([setting, rule]) => (
            <div key={setting}>
              {setting === 'folders' ? 'Its folders' : <Mono>{setting}</Mono>}: {sentence(rule)}
            </div>
          ))}
          <div className={css.quiet}>
            {ended(because)}
            {because.command && (
              <>
                {' · '}
                <Mono>
                  <Foreign text={because.command} max={300} />
                </Mono>
              </>
            )}
          </div>
        </div>
        <Button size="xs" onClick={() => void actions.edit()}>
          {wrong.length > 0 ? 'Mend its settings…' : 'Edit…'}
        </Button>
        <MantineCopy value={report(server, because)}>
          {({ copied, copy }) => (
            <Button size="xs" leftSection={copied ? <IconCheck size={13} /> : <IconCopy size={13} />} onClick={copy}>
              {copied ? 'Copied' : 'Copy as report'}
            </Button>
          )}
        </MantineCopy>
      </div>
      {lines.length > 0 && (
        <pre className={css.stderr}>
          <Foreign text={lines.join('\n')} max={20_000} />
        </pre>
      )}
    </section>
  )
}

function ended({ exitCode, signal }: Because): string {
  if (signal) return `Ended by ${signal}`
  return typeof exitCode === 'number' ? `Exit code ${exitCode}` : 'It did not start'
}

const report = (server: Server, because: Because): string =>
  [
    `${server.name}: ${because.what}`,
    ended(because),
    `Command: ${because.command ?? server.commandLine}`,
    because.hint ? `Hint: ${because.hint}` : '',
    ...(because.stderr?.length ? ['', 'Last lines:', ...because.stderr] : []),
  ].join('\n')
