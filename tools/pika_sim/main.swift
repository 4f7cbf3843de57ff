print("pika_sim")
