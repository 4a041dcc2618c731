import { MyList } from "@/components/streaming/my-list";
import { Shell } from "@/components/streaming/shell";

export default function Page() {
  return (
    <Shell>
      <MyList />
    </Shell>
  );
}
