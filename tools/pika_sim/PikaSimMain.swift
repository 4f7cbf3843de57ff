import ArgumentParser
import PikaSim

/// Top-level code would call the synchronous `main` of ArgumentParser, which refuses an asynchronous command.
@main
struct PikaSimMain {
    static func main() async { await PikaSimCommand.main(nil) }
}
