import { Board } from "@/components/kanban/board";
import { Shell } from "@/components/kanban/shell";

export default function Page() {
  return (
    <Shell>
      <Board />
    </Shell>
  );
}
