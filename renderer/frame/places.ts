// Where one can go: address, word, glyph and the letter after G.
import {
  IconActivity,
  IconFlask,
  IconHome,
  IconInbox,
  IconKey,
  IconPlugConnected,
  IconServer2,
  IconSettings,
  IconShield,
} from '@tabler/icons-react'

export const places = [
  { to: '/', name: 'Home', Icon: IconHome, letter: 'h', group: '' },
  { to: '/approvals', name: 'Approvals', Icon: IconInbox, letter: 'a', group: '' },
  { to: '/activity', name: 'Activity', Icon: IconActivity, letter: 'y', group: '' },
  { to: '/servers', name: 'Servers', Icon: IconServer2, letter: 's', group: 'Connect' },
  { to: '/inspector', name: 'Inspector', Icon: IconFlask, letter: 'i', group: 'Connect' },
  { to: '/clients', name: 'Clients', Icon: IconPlugConnected, letter: 'c', group: 'Connect' },
  { to: '/policy', name: 'Policy', Icon: IconShield, letter: 'p', group: 'Guard' },
  { to: '/credentials', name: 'Credentials', Icon: IconKey, letter: 'k', group: 'Guard' },
  { to: '/settings', name: 'Settings', Icon: IconSettings, letter: ',', group: 'foot' },
] as const

export type Place = (typeof places)[number]
