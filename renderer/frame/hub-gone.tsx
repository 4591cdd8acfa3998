// The hub is gone: what happened, the next try, and one button. The page below is past and inert.
import { Button } from '@mantine/core'
import { IconRefresh } from '@tabler/icons-react'
import { type HubState, tryNow } from '../hub.ts'
import { Banner, left, seconds, useNow } from '../ui/index.ts'
import css from './frame.module.css'

const QUIET_MS = 2_000

/** Whether it is gone for long enough to say so over the page. */
export function useGoneFor(hub: HubState): boolean {
  const now = useNow()
  return hub.kind === 'gone' && Math.max(now, Date.now()) - hub.since >= QUIET_MS
}

export function HubGone({ hub }: { hub: HubState & { kind: 'gone' } }) {
  const now = useNow()
  const waits = hub.tryAt === null ? null : hub.tryAt - now
  const next = waits === null ? '' : waits > 0 ? `Next try in ${left(waits)}.` : 'Trying now.'
  const title = hub.lastHeardAt ? 'The hub stopped answering' : 'No hub answers here'
  const text = hub.lastHeardAt
    ? `Last heard at ${seconds(hub.lastHeardAt)}. ${next} Without it no server runs, and no call goes through. What is shown below was so then.`
    : `${next} Start it with “npm start” or “gatehouse serve --web”.`
  return (
    <div className={css.notice}>
      <Banner tone="red" role="alert" title={title} text={hub.problem ? `${hub.problem.message} ${text}` : text}>
        <Button size="xs" leftSection={<IconRefresh size={14} />} onClick={tryNow}>
          Try now
        </Button>
      </Banner>
    </div>
  )
}
