print("pika_hub")
