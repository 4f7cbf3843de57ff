import ArgumentParser
import HubDaemon

/// Top-level code would call the synchronous `main` of ArgumentParser, which refuses an asynchronous command.
@main
struct PikaHubMain {
    static func main() async {
        // First, before other threads have memory of their own.
        PikaHubCommand.prepareMemory()
        PikaHubCommand.built(from: gitRevision)
        await PikaHubCommand.main(nil)
    }
}
