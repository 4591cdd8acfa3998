import { PageHeader } from '../../ui/layout.tsx'

export function ClientsView() {
  return <PageHeader title="Clients" />
}
