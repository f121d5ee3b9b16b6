package main
const routePattern="/api/resource%d/items/{id}"
func loopbackScenarios() []*scenario { return nil }
func websocketScenarios() []*scenario { return nil }
func growthScenarios() []*scenario { return nil }
func serveAsChild() bool { return false }
