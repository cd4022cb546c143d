"""ONNX files: conversion, metadata, and running them in onnxruntime."""
