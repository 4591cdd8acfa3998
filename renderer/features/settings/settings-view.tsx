import { PageHeader } from '../../ui/index.ts'

export function SettingsView() {
  return <PageHeader title="Settings" />
}
