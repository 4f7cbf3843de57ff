/// ZUNIONSTORE and ZINTERSTORE destination count key… [WEIGHTS number…] [AGGREGATE SUM | MIN | MAX].
enum SortedSetStore {
    enum Combination {
        case union
        case intersection
    }

    private struct Request {
        var keys: [Bytes]
        var weights: [Double]
        var aggregate: (Double, Double) -> Double = { $0 + $1 }
    }

    static func store(_ combination: Combination) -> CommandBody {
        { keyspace, arguments, now in
            let request: Request
            switch parse(arguments) {
            case .success(let parsed): request = parsed
            case .failure(let refusal): return refusal.reply
            }
            var scores: [Bytes: Double] = [:]
            for (index, key) in request.keys.enumerated() {
                let set = SortedSetCommands.existing(&keyspace, key, now)
                var next: [Bytes: Double] = combination == .union || index == 0 ? scores : [:]
                for element in set.ordered {
                    let score = element.score * request.weights[index]
                    if let known = scores[element.member] {
                        next[element.member] = request.aggregate(known, score)
                    } else if combination == .union || index == 0 {
                        next[element.member] = score
                    }
                }
                scores = next
            }
            keyspace.sortedSets.update(arguments[1], now: now, initial: SortedSet()) { set in
                set = SortedSet()
                for (member, score) in scores { set.set(member, to: score) }
            }
            return .integer(Int64(scores.count))
        }
    }

    private struct Refusal: Error {
        let reply: Reply
    }

    private static func parse(_ arguments: [Bytes]) -> Result<Request, Refusal> {
        guard let count = arguments[2].integer else { return .failure(Refusal(reply: .notAnInteger)) }
        guard count >= 1 else {
            return .failure(
                Refusal(reply: .error("ERR at least 1 input key is needed for ZUNIONSTORE/ZINTERSTORE")))
        }
        let syntaxError = Result<Request, Refusal>.failure(Refusal(reply: .syntaxError))
        guard count <= arguments.count - 3 else { return syntaxError }
        var index = 3 + Int(count)
        var request = Request(
            keys: Array(arguments[3..<index]), weights: Array(repeating: 1, count: Int(count)))
        while index < arguments.count {
            switch arguments[index].lowercased.text {
            case "weights":
                guard index + Int(count) < arguments.count else { return syntaxError }
                for place in 0..<Int(count) {
                    guard let weight = arguments[index + 1 + place].number else {
                        return .failure(Refusal(reply: .error("ERR weight value is not a float")))
                    }
                    request.weights[place] = weight
                }
                index += 1 + Int(count)
            case "aggregate":
                guard index + 1 < arguments.count else { return syntaxError }
                switch arguments[index + 1].lowercased.text {
                case "sum": request.aggregate = { $0 + $1 }
                case "min": request.aggregate = { min($0, $1) }
                case "max": request.aggregate = { max($0, $1) }
                default: return syntaxError
                }
                index += 2
            default: return syntaxError
            }
        }
        return .success(request)
    }
}
