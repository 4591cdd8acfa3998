import { PageHeader } from '../../ui/index.ts'

export function HomeView() {
  return <PageHeader title="Home" />
}
