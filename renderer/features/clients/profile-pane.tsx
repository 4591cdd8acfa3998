// One client's profile: which servers and tools it is shown, what that costs it, and trimming what it does not use.
import { Button, SegmentedControl, Skeleton } from '@mantine/core'
import { IconScissors } from '@tabler/icons-react'
import { useState } from 'react'
import type { Client } from '../../../contract/clients.ts'
import type { Profile, ProfileRef, ProfileSum } from '../../../contract/profiles.ts'
import { Box, count, Foreign, Pane, Problem, plural, Section, showDone, tokens } from '../../ui/index.ts'
import css from './profile.module.css'
import { ProfileServerRow } from './profile-server.tsx'
import { useProfile } from './use-profile.ts'

const PERIODS = [7, 30, 90]

export function ProfilePane({ client, onClose }: { client: Client; onClose: () => void }) {
  const [days, setDays] = useState(30)
  const { loaded, change } = useProfile(client.id, days)
  const profile = loaded.kind === 'ready' ? loaded.profile : null
  const hideWithUndo = async (what: string, hide: ProfileRef[], show: ProfileRef[] = []) => {
    const done = await change({ hide, show })
    if (!done) return
    const cost = `about ${tokens(done.before.tokens)} → ${tokens(done.after.tokens)} tokens`
    showDone(`${what}: ${cost}.`, () => void change(done.undo))
  }
  return (
    <Pane
      label={`Profile of ${client.name}`}
      title={`What ${client.name} is shown`}
      fact={profile ? sumInWords(profile.shown) : 'and what that costs it'}
      width={440}
      onClose={onClose}
    >
      {loaded.kind === 'failed' && <Problem error={loaded.error} />}
      {loaded.kind === 'loading' && <Skeleton height={180} radius={6} />}
      {profile && (
        <>
          <Cost profile={profile} />
          <Unused profile={profile} days={days} onDays={setDays} onTrim={hideWithUndo} />
          <Section title="Servers and tools" fact="tokens are estimates">
            {profile.servers.length === 0 ? (
              <p className={css.quiet}>No servers yet.</p>
            ) : (
              <Box>
                {profile.servers.map(server => (
                  <ProfileServerRow
                    key={server.id}
                    client={client.name}
                    days={days}
                    server={server}
                    onChange={change}
                    onHide={hideWithUndo}
                  />
                ))}
              </Box>
            )}
          </Section>
          <p className={css.quiet}>
            What is hidden cannot be called either. Tools that a shown server adds later are shown until you hide them.
            Being shown a tool allows nothing: the policy decides on every call.
          </p>
        </>
      )}
    </Pane>
  )
}

/** What is paid, of what it would be without the profile. */
function Cost({ profile: { shown, everything, limit } }: { profile: Profile }) {
  const share = everything.tokens > 0 ? Math.min(100, Math.round((shown.tokens / everything.tokens) * 100)) : 0
  return (
    <div className={css.cost}>
      {shown.tools < everything.tools && (
        <>
          <span className={css.bar} aria-hidden>
            <span style={{ width: `${share}%` }} />
          </span>
          <p className={css.quiet}>
            {count(shown.tools)} of {plural(everything.tools, 'tool')}, about {tokens(shown.tokens)} of{' '}
            {tokens(everything.tokens)} tokens
          </p>
        </>
      )}
      {limit && <p className={css.limit}>{limit}</p>}
    </div>
  )
}

interface UnusedProps {
  profile: Profile
  days: number
  onDays: (days: number) => void
  onTrim: (what: string, hide: ProfileRef[]) => Promise<void>
}

function Unused({ profile, days, onDays, onTrim }: UnusedProps) {
  const [busy, setBusy] = useState(false)
  const { name, servers, shown, unused } = profile
  const trim = async () => {
    setBusy(true)
    const hide = servers.flatMap(({ id, tools }) =>
      tools.filter(tool => tool.unused).map(tool => ({ server: id, tool: tool.name })),
    )
    await onTrim(`Hid ${plural(hide.length, 'unused tool')} from ${name}`, hide)
    setBusy(false)
  }
  return (
    <Section
      title="Unused"
      right={
        <SegmentedControl
          aria-label="Unused for how long"
          value={String(days)}
          onChange={value => onDays(Number(value))}
          data={PERIODS.map(period => ({ value: String(period), label: `${period} days` }))}
        />
      }
    >
      {unused.tools > 0 && (
        <div className={css.trim}>
          <div>
            <b>
              {plural(unused.tools, 'tool')} unused for {unused.days} days
            </b>
            <div className={`${css.quiet} num`}>
              {count(shown.tools)} → {plural(unused.after.tools, 'tool')}, about {tokens(shown.tokens)} →{' '}
              {tokens(unused.after.tokens)} tokens
            </div>
          </div>
          <Button leftSection={<IconScissors size={14} />} loading={busy} onClick={() => void trim()}>
            Trim
          </Button>
        </div>
      )}
      <p className={css.quiet}>
        {unused.isKnown && unused.tools === 0 && 'Nothing to trim. '}
        <Foreign text={unused.words} max={400} />
      </p>
    </Section>
  )
}

function sumInWords({ tools, tokens: cost, leftOut }: ProfileSum): string {
  return `${plural(tools, 'tool')} · about ${tokens(cost)} tokens${leftOut > 0 ? ` · ${count(leftOut)} left out` : ''}`
}
