import { format } from "date-fns";
import { Shell } from "@/components/dashboard/shell";
import { Traffic } from "@/components/dashboard/traffic";

export const dynamic = "force-dynamic";

export default function Page() {
  return (
    <Shell>
      <Traffic today={format(new Date(), "yyyy-MM-dd")} />
    </Shell>
  );
}
