import Comparison

@main
struct CompareMain {
    static func main() async { await CompareCommand.runCommandLine() }
}
