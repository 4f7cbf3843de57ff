import HubDaemon
let a = CommandLine.arguments
try await benchMain(port: Int(a[1])!, pikas: a[2].split(separator: ",").map { let p = $0.split(separator: ":"); return (Int(p[0])!, UInt32(p[1])!) }, dir: a[3])
