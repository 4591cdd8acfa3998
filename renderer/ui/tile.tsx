// One-colour glyphs for servers and clients in a small tile; brands have no colours here.
import {
  IconAffiliate,
  IconAsterisk,
  IconBox,
  IconBrandAws,
  IconBrandGithub,
  IconBrandOpenai,
  IconBrandVscode,
  IconCreditCard,
  IconDatabase,
  IconFlask,
  IconFolder,
  IconHeartRateMonitor,
  IconLocation,
  IconPlug,
  IconRocket,
  IconSteeringWheel,
  IconTable,
  IconTerminal2,
  IconWorld,
} from '@tabler/icons-react'
import type { ComponentType, ReactNode } from 'react'
import { bundledOf } from '../../contract/catalog.ts'
import type { Server } from '../../contract/servers.ts'
import css from './marks.module.css'

type Icon = ComponentType<{ size?: number; stroke?: number }>
type Size = 20 | 24 | 32

export function Tile({ children, size = 24 }: { children: ReactNode; size?: Size }) {
  return (
    <span className={css.tile} data-size={size} aria-hidden="true">
      {children}
    </span>
  )
}

/** Only servers that come with Gatehouse have a glyph of their own: a name decides nothing else. */
const bundled: Record<string, Icon> = {
  files: IconFolder,
  github: IconBrandGithub,
  kubernetes: IconSteeringWheel,
  postgres: IconDatabase,
  aws: IconBrandAws,
  payments: IconCreditCard,
  deployments: IconRocket,
  monitoring: IconHeartRateMonitor,
  knowledge: IconAffiliate,
  data: IconTable,
}

export function ServerTile({
  server,
  size = 24,
}: {
  server: Pick<Server, 'slug' | 'bundled' | 'launch'>
  size?: Size
}) {
  const Icon =
    (server.bundled && bundled[bundledOf(server.launch.command) ?? server.slug]) ||
    (server.launch.url ? IconWorld : IconBox)
  return (
    <Tile size={size}>
      <Icon size={size === 32 ? 18 : 14} stroke={1.7} />
    </Tile>
  )
}

const clients: Record<string, Icon> = {
  'claude-desktop': IconAsterisk,
  'claude-code': IconTerminal2,
  cursor: IconLocation,
  vscode: IconBrandVscode,
  codex: IconBrandOpenai,
  inspector: IconFlask,
  cli: IconTerminal2,
}

export function ClientTile({ client, size = 24 }: { client: string; size?: Size }) {
  const Icon = clients[client] ?? IconPlug
  return (
    <Tile size={size}>
      <Icon size={size === 32 ? 18 : 14} stroke={1.7} />
    </Tile>
  )
}
