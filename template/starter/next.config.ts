import type { NextConfig } from "next"

const frameAncestors = process.env.CODEFLOW_FRAME_ANCESTORS

const nextConfig: NextConfig = {
  agentRules: false,
  allowedDevOrigins: ["127.0.0.1", "**.localhost", "**.e2b.app", "**.e2b.dev"],
  devIndicators: false,
  headers: async () =>
    frameAncestors
      ? [{ source: "/:path*", headers: [{ key: "Content-Security-Policy", value: `frame-ancestors ${frameAncestors}` }] }]
      : [],
}

export default nextConfig
