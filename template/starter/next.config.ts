import type { NextConfig } from "next"

const frameAncestors = process.env.CODEFLOW_FRAME_ANCESTORS
const previewDomain = process.env.CODEFLOW_PREVIEW_DOMAIN

const nextConfig: NextConfig = {
  agentRules: false,
  allowedDevOrigins: ["127.0.0.1", "**.localhost", "**.e2b.app", "**.e2b.dev", ...(previewDomain ? [`**.${previewDomain}`] : [])],
  devIndicators: false,
  headers: async () =>
    frameAncestors
      ? [{ source: "/:path*", headers: [{ key: "Content-Security-Policy", value: `frame-ancestors ${frameAncestors}` }] }]
      : [],
}

export default nextConfig
