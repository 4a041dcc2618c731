import { Home } from "@/components/streaming/home";
import { Shell } from "@/components/streaming/shell";

export default function Page() {
  return (
    <Shell>
      <Home />
    </Shell>
  );
}
