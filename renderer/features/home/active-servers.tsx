// The servers at work: state, calls of the last hour, and what they cost.
import { Link } from '@tanstack/react-router'
import type { Server } from '../../../contract/servers.ts'
import { Box, bytes, count, duration, percent, plural, ServerTile, Spark, StateMark } from '../../ui/index.ts'
import css from './home.module.css'

export function ActiveServers({ servers }: { servers: readonly Server[] }) {
  return (
    <Box>
      <table className={css.servers}>
        <thead>
          <tr>
            <th>
              <span className="visually-hidden">Server</span>
            </th>
            <th>
              <span className="visually-hidden">State</span>
            </th>
            <th style={{ textAlign: 'start' }}>Calls</th>
            <th>p95</th>
            <th className={css.cpu}>CPU</th>
            <th>Memory</th>
          </tr>
        </thead>
        <tbody>
          {servers.map(server => (
            <Active key={server.id} server={server} />
          ))}
        </tbody>
      </table>
    </Box>
  )
}

function Active({ server }: { server: Server }) {
  const { usage } = server
  const calls = server.calls.reduce((sum, n) => sum + n, 0)
  return (
    <tr>
      <td className={css.name}>
        <Link to="/servers/$server" params={{ server: server.id }}>
          <ServerTile server={server} size={20} />
          {server.name}
        </Link>
      </td>
      <td style={{ width: 170 }}>
        <StateMark state={server.state} quiet={server.state.kind === 'running'} />
      </td>
      <td style={{ width: 150 }}>
        <span className={css.calls}>
          <Spark values={server.calls} sentence={`${plural(calls, 'call')} in the last hour`} width={92} />
          {count(calls)}
        </span>
      </td>
      <td className={css.right} style={{ width: 90 }}>
        {server.p95Ms === null ? '–' : duration(server.p95Ms)}
      </td>
      <td className={`${css.right} ${css.cpu}`} style={{ width: 80 }}>
        {usage ? percent(usage.cpuPercent) : '–'}
      </td>
      <td className={css.right} style={{ width: 90 }}>
        {usage ? bytes(usage.memoryBytes) : server.launch.url ? 'remote' : '–'}
      </td>
    </tr>
  )
}
