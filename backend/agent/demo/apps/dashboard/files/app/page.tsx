import { format } from "date-fns";
import { Shell } from "@/components/dashboard/shell";
import { Overview } from "@/components/dashboard/overview";

export const dynamic = "force-dynamic";

export default function Page() {
  return (
    <Shell>
      <Overview today={format(new Date(), "yyyy-MM-dd")} />
    </Shell>
  );
}
