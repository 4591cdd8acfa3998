// A server that waits, in the inbox: the same sheet as on its own page, to be read and answered here.
import type { Agreement as AgreementData, Server } from '../../../contract/servers.ts'
import { Agreement } from '../servers/agreement.tsx'
import css from './approvals.module.css'

export const CommandSheet = ({ server, agreement }: { server: Server; agreement: AgreementData }) => (
  <div className={css.sheet}>
    <Agreement server={server} agreement={agreement} />
  </div>
)
