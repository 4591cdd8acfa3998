import { PageHeader } from '../../ui/layout.tsx'

export function ActivityView() {
  return <PageHeader title="Activity" />
}
