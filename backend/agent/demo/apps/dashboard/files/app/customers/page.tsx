import { Customers } from "@/components/dashboard/customers";
import { Shell } from "@/components/dashboard/shell";

export default function Page() {
  return (
    <Shell>
      <Customers />
    </Shell>
  );
}
