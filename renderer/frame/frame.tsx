// The frame around every page: sidebar, the page, status bar; pairing instead of it all while this window is not known.
import { useLocalStorage, useMediaQuery } from '@mantine/hooks'
import { Outlet } from '@tanstack/react-router'
import { DecisionDialog } from '../features/approvals/decision-dialog.tsx'
import { PairingView } from '../features/pairing/pairing-view.tsx'
import { PinNotice } from '../features/pairing/pin-notice.tsx'
import { Stopped } from '../features/policy/stop-everything.tsx'
import { AddServerDialog } from '../features/servers/add-dialog.tsx'
import { AgreementDialog } from '../features/servers/agreement-dialog.tsx'
import { useHub } from '../hub.ts'
import { Stale } from '../ui/index.ts'
import css from './frame.module.css'
import { HubGone, useGoneFor } from './hub-gone.tsx'
import { useFrameKeys } from './keys.tsx'
import { Palette } from './palette.tsx'
import { Sidebar } from './sidebar.tsx'
import { StatusBar } from './status-bar.tsx'

export function Frame() {
  const hub = useHub()
  if (hub.kind === 'pairing-needed' || hub.kind === 'pin-needed') return <PairingView hub={hub} />
  return <Framed />
}

function Framed() {
  const hub = useHub()
  const gone = useGoneFor(hub)
  const small = useMediaQuery('(max-width: 1100px)')
  const [collapsed, setCollapsed] = useLocalStorage({ key: 'gatehouse/sidebar-narrow', defaultValue: false })
  const keys = useFrameKeys(() => setCollapsed(!collapsed))
  const narrow = collapsed || small === true
  return (
    <Stale value={gone}>
      <div className={css.frame} data-narrow={narrow}>
        <a className={css.skip} href="#main">
          Skip to the page
        </a>
        <Sidebar narrow={narrow} />
        <main id="main" className={css.main} tabIndex={-1}>
          {gone && hub.kind === 'gone' && <HubGone hub={hub} />}
          {!gone && <PinNotice />}
          {!gone && <Stopped />}
          <div className={css.page} inert={gone}>
            <Outlet />
          </div>
        </main>
        <Stale value={false}>
          <StatusBar />
        </Stale>
      </div>
      <Palette />
      {keys}
      <div inert={gone}>
        <AgreementDialog />
        <AddServerDialog />
        <DecisionDialog />
      </div>
    </Stale>
  )
}
