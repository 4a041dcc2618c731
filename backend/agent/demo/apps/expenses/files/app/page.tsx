import { Shell } from "@/components/expenses/shell";
import { Tracker } from "@/components/expenses/tracker";

export default function Page() {
  return (
    <Shell>
      <Tracker />
    </Shell>
  );
}
