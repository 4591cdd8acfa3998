// Windows and PIN, colours, where everything lies, the keychain, and plainly who Gatehouse defends against.
import { SegmentedControl, useMantineColorScheme } from '@mantine/core'
import type { HubStatus } from '../../../contract/hub.ts'
import { useStatus } from '../../hub.ts'
import { Ago, Banner, Box, CopyButton, Mono, Page, PageHeader, Problem, RowsSkeleton, Section } from '../../ui/index.ts'
import { Defence } from './defence.tsx'
import { HttpSection } from './http-section.tsx'
import { MetricsSection } from './metrics-section.tsx'
import { RecordsSection } from './records-section.tsx'
import { Row } from './row.tsx'
import css from './settings.module.css'
import { WindowsSection } from './windows-section.tsx'

export function SettingsView() {
  const status = useStatus()
  return (
    <Page header={<PageHeader title="Settings" />} padded>
      <div className={css.main}>
        {status.kind === 'ready' && status.value.mode === 'unattended' && (
          <div style={{ marginBottom: 22 }}>
            <Banner
              tone="red"
              title="This data folder is unattended"
              text="Servers added or edited here run at once, and the policy file given at its start decides alone. It is meant for tests and machines without a person."
            />
          </div>
        )}
        <Colours />
        <WindowsSection />
        {status.kind === 'loading' && <RowsSkeleton rows={4} />}
        {status.kind === 'failed' && <Problem error={status.error} />}
        {status.kind === 'ready' && <HttpSection key={status.value.http?.port} http={status.value.http} />}
        <RecordsSection />
        {status.kind === 'ready' && (
          <MetricsSection key={`metrics ${status.value.metrics.port}`} metrics={status.value.metrics} />
        )}
        {status.kind === 'ready' && <Places status={status.value} />}
        <Defence />
      </div>
    </Page>
  )
}

function Colours() {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return (
    <Section title="Colours">
      <Box>
        <Row what="Light or dark" text="Auto follows the system">
          <SegmentedControl
            aria-label="Light or dark"
            value={colorScheme}
            onChange={value => setColorScheme(value as 'auto' | 'light' | 'dark')}
            data={[
              { value: 'auto', label: 'Auto' },
              { value: 'light', label: 'Light' },
              { value: 'dark', label: 'Dark' },
            ]}
          />
        </Row>
      </Box>
    </Section>
  )
}

function Places({ status }: { status: HubStatus }) {
  const { vault, audit, config } = status
  return (
    <>
      <Section title={vault.file ? 'Encrypted file and log' : 'Keychain and log'}>
        <Box>
          <Row what={vault.store} text={vault.hint ? `${vault.what} ${vault.hint}` : vault.what} />
          <Row
            what="Log"
            text={
              audit.problem ??
              (audit.anchored
                ? `Chained, signed and anchored in the ${vault.file ? 'encrypted file' : 'keychain'}`
                : `Chained, but not anchored outside its file: ${vault.file ? 'the encrypted file is locked' : 'a keychain is needed for that'}`)
            }
          >
            {audit.signedAt !== null && (
              <span className={css.quiet}>
                signed <Ago at={audit.signedAt} />
              </span>
            )}
          </Row>
        </Box>
      </Section>
      <Section title="Where everything lies">
        <Box>
          <Place what="Data folder" path={status.dataFolder} />
          <Place what="Servers, yours to edit" path={config.path} />
          <Place what="Socket" path={status.socket} />
          <Row what="Hub" text={`version ${status.version}, process ${status.pid}`}>
            <span className={css.quiet}>
              started <Ago at={status.startedAt} />
            </span>
          </Row>
        </Box>
      </Section>
    </>
  )
}

const Place = ({ what, path }: { what: string; path: string }) => (
  <Row what={what} text={<Mono>{path}</Mono>}>
    <CopyButton text={path} label="Copy the path" />
  </Row>
)
